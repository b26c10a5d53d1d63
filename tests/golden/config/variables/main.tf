variable "n" { type = number }
variable "l" { type = list(string) }
variable "o" { type = object({a=string, b=optional(number,3)}) }
variable "any" {}
variable "s" { type = string }
variable "t" {
  type = string
  default = "d"
}
output "n" { value = var.n }
output "l" { value = var.l }
output "o" { value = var.o }
output "any" { value = var.any }
output "s" { value = var.s }
output "t" { value = var.t }
