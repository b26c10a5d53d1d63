s = "file"
