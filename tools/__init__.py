"For those who work on the course; the package never uses it"
