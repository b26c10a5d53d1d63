terraform {
  required_version = ">= 1.11"
}

variable "secret" {
  type      = string
  sensitive = true
  default   = "hunter2"
}

locals {
  names = { for i in [0, 1, 2] : "k${i}" => i }
}

resource "terraform_data" "base" {
  input = { x = 1, y = "<a&b>", z = [true, null] }
}

resource "terraform_data" "counted" {
  count            = 2
  input            = "${var.secret}-${count.index}"
  triggers_replace = [terraform_data.base.output.x]
}

resource "terraform_data" "each" {
  for_each   = local.names
  input      = each.value
  depends_on = [terraform_data.counted]

  lifecycle {
    create_before_destroy = true
  }
}

module "m" {
  source = "./m"
  count  = 2
  value  = terraform_data.each["k1"].output + count.index
}

resource "terraform_data" "last" {
  input = module.m[*].doubled
}

output "doubled" {
  value = module.m[1].doubled
}

output "secret" {
  value     = terraform_data.counted[0].output
  sensitive = true
}

output "mixed" {
  value = [1, 2.5, "x", terraform_data.base.output]
}
