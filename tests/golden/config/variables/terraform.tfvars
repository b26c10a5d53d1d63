n = 1
extra = 5
