variable "n" {
  type = number
}

module "b" {
  source = "./inner"
  s      = "n${var.n}"
}

output "v" {
  value = module.b.id
}
