"Long runs whose results the chapters show"
