"Build the course's web pages from the outputs stored in the notebooks: `python -m website`"
