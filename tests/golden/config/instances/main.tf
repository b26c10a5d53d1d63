variable "cnt" {
  type = number
  default = 2
}
variable "req" { type = string }
variable "bad" {
  type = object({ a = number, b = optional(list(string), ["z"]) })
  default = { a = "1" }
  validation {
    condition = var.bad.a > 5
    error_message = "a must be > 5, is ${var.bad.a}."
  }
}
resource "terraform_data" "c" { count = var.cnt }
resource "terraform_data" "f" { for_each = { a = 1, b = 2 } }
resource "terraform_data" "f2" { for_each = toset(["a"]) }
resource "terraform_data" "e1" { for_each = ["a"] }
resource "terraform_data" "e2" { count = -1 }
resource "terraform_data" "e3" { count = 1.5 }
resource "terraform_data" "e4" { count = "x" }
resource "terraform_data" "e5" { count = null }
resource "terraform_data" "e6" { for_each = null }
resource "terraform_data" "e7" { for_each = toset([1]) }
resource "terraform_data" "e8" { count = sensitive(1) }
resource "terraform_data" "e9" { for_each = sensitive({a=1}) }
resource "terraform_data" "ed" { for_each = 5 }
module "a" {
  source = "./a"
  x = module.b.y
}
module "b" { 
  source = "./b"
  z = module.a.z
}
module "n" {
  source = "./b"
  count = 2
  z = count.index
}
output "o1" { value = module.a.w }
output "o2" { value = module.n[1].y }
output "o3" { value = module.n[*].y }
output "o4" { value = var.bad }
output "o5" { value = terraform_data.c.id }
output "o6" { value = terraform_data.f.id }
output "o7" { value = terraform_data.f["a"].input }
output "o8" { value = module.n.y }
output "o9" { value = module.a.nope }
output "oa" { value = module.n[5].y }
output "ob" { value = module.n[0].q }
