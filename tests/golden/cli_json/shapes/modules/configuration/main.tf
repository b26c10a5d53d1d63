variable "secret" {
  type      = string
  sensitive = true
  default   = "s3cret"
}
variable "names" {
  type        = map(object({ size = number, tags = optional(list(string), ["x"]) }))
  description = "names"
  default     = { a = { size = 1 }, b = { size = 2, tags = ["q"] } }
}
locals {
  all = { for k, v in var.names : k => v.size }
}
resource "terraform_data" "secret" {
  input = { password = var.secret, plain = "x", list = [var.secret, 1], nested = { deep = [{ s = var.secret }] } }
}
resource "terraform_data" "each" {
  for_each         = var.names
  input            = each.value
  triggers_replace = [each.key, terraform_data.secret.id]
  depends_on       = [terraform_data.count]
  lifecycle {
    create_before_destroy = true
    ignore_changes        = [triggers_replace]
  }
}
resource "terraform_data" "count" {
  count = 2
  input = "n${count.index}"
}
module "m" {
  source   = "./mod"
  for_each = toset(["one", "two"])
  value    = terraform_data.count[0].output
  names    = local.all
}
module "single" {
  source     = "./mod"
  value      = "v"
  depends_on = [terraform_data.secret]
}
output "secret" {
  value     = terraform_data.secret.output.password
  sensitive = true
}
output "all" {
  description = "everything"
  value       = { for k, v in terraform_data.each : k => v.output }
}
output "ids" {
  value = [for x in terraform_data.count : x.id]
}
output "module" {
  value      = module.m["one"].out
  depends_on = [module.single]
}
output "mixed" {
  value = [1, "a", null, true, { b = [] }]
}

module "outer" {
  source = "./outer"
  count  = 2
  n      = count.index
}
