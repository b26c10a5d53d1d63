variable "v" {
  default     = "x"
  description = "What everything follows."
}

variable "password" {
  type      = string
  default   = "hunter2"
  sensitive = true
}

locals {
  both = "${var.v}-${terraform_data.first.output}"
}

resource "terraform_data" "first" {
  input = var.v
}

resource "terraform_data" "counted" {
  count            = 2
  input            = terraform_data.first.output
  triggers_replace = [var.v]
}

resource "terraform_data" "each" {
  for_each   = { a = 1, b = 2 }
  input      = { n = each.value, secret = var.password }
  depends_on = [terraform_data.first]
}

module "m" {
  source = "./m"
  count  = 1
  x      = terraform_data.first.id
}

data "terraform_remote_state" "other" {
  backend = "local"
  config  = { path = "other.tfstate" }
}

output "of_counted" {
  value       = terraform_data.counted[0].output
  description = "One of them."
}

output "secret" {
  value     = var.password
  sensitive = true
}

output "both" {
  value = local.both
}

output "from_module" {
  value = module.m[0].y
}

output "other" {
  value = data.terraform_remote_state.other.outputs.q
}
