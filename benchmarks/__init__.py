"Measurements of the course; no test depends on them"
