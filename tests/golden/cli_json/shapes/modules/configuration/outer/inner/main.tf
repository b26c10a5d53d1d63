variable "s" {
  sensitive = true
}

resource "terraform_data" "deep" {
  for_each = { k = 1, "key with \"quotes\"" = 2 }
  input    = var.s
}

output "id" {
  value = terraform_data.deep["k"].id
}
