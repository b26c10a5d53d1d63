variable "value" {
  type = number
}

resource "terraform_data" "inner" {
  input = var.value * 2
}

output "doubled" {
  value = terraform_data.inner.output
}
