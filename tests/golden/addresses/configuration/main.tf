resource "terraform_data" "a" {
  input = 1
}

resource "terraform_data" "counted" {
  count = 2
  input = 1
}

resource "terraform_data" "one" {
  count = 1
}

resource "terraform_data" "none" {
  count = 0
}

resource "terraform_data" "named" {
  for_each = toset(["x", "y"])
  input    = 1
}

module "m" {
  source = "./child"
}

module "e" {
  source   = "./child"
  for_each = toset(["k"])
}
