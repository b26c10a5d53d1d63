variable "value" {}
variable "names" {
  type    = map(number)
  default = {}
}
resource "terraform_data" "inner" {
  input = { v = var.value, n = var.names }
}
resource "terraform_data" "maybe" {
  count = length(var.names) > 0 ? 1 : 0
  input = terraform_data.inner.output
}
output "out" {
  value = terraform_data.inner.output
}
