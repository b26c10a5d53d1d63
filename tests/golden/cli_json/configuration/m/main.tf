variable "x" {
  type = string
}

resource "terraform_data" "inner" {
  input = var.x
}

output "y" {
  value = terraform_data.inner.output
}
