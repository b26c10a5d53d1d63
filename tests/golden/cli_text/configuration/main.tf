variable "v" {
  default = "x"
}

resource "terraform_data" "object" {
  input = { name = var.v, list = [1, 2, var.v], nested = { a = "b", "a key" = null }, empty = [], none = {} }
}

resource "terraform_data" "each" {
  for_each         = toset(var.v == "x" ? ["p", "q"] : ["q", "r"])
  input            = each.key
  triggers_replace = terraform_data.object.id
}

resource "terraform_data" "counted" {
  count = var.v == "x" ? 2 : 1
  input = <<-EOT
    line one
    line ${var.v}
    line three
    line four
    line five
    line six
  EOT
}

resource "terraform_data" "json" {
  input = jsonencode({ version = "2012", statement = [{ effect = "Allow", action = ["a", var.v] }, { effect = "Deny" }] })
}

resource "terraform_data" "secret" {
  input = { public = var.v, password = sensitive("${var.v}-hunter2") }
}

resource "terraform_data" "chain" {
  input      = "${terraform_data.object.id} ${var.v}"
  depends_on = [terraform_data.json]

  lifecycle {
    create_before_destroy = true
    replace_triggered_by  = [terraform_data.object]
  }
}

output "object" {
  value = terraform_data.object.output
}

output "ids" {
  value = [for each in terraform_data.each : each.id]
}

output "v" {
  value = "${var.v}\nof two lines"
}

output "secret" {
  value     = terraform_data.secret.output
  sensitive = true
}
