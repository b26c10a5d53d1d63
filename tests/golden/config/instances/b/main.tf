variable "z" {}
output "y" { value = "y-${var.z}" }
