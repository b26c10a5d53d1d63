resource "terraform_data" "b" {
  input = 1
}

resource "terraform_data" "several" {
  count = 2
}
