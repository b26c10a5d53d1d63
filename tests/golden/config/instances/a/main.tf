variable "x" {}
output "z" { value = "zz" }
output "w" { value = "w-${var.x}" }
