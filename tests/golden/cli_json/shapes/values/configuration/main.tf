resource "terraform_data" "big" {
  input = 12345678901234567890.123456789
}
resource "terraform_data" "exp" {
  input = [1e3, -0.5, 1.10, 0.1 + 0.2]
}
resource "terraform_data" "text" {
  input = "<a href=\"x\">&é\u2028\n\t\\ $${x} %%{y}"
}
resource "terraform_data" "types" {
  input = { l = tolist(["a"]), s = toset(["b", "a"]), m = tomap({ k = 1 }), t = [1, "x"], e = [], o = {}, n = null, b = false }
}
resource "terraform_data" "unknown" {
  input = { known = 1, un = terraform_data.big.id, l = [terraform_data.big.id, "k"], str = "pre-${terraform_data.big.id}" }
}
resource "terraform_data" "refs" {
  input = [terraform_data.types.input["l"], terraform_data.exp.output[0], path.module, terraform.workspace, [for i in range(3) : i], terraform_data.big.*.id, "${terraform_data.text.id}-${terraform_data.exp.id}"]
}
resource "terraform_data" "prov" {
  input = 1
}
output "sens" {
  value     = sensitive("x")
  sensitive = true
}
output "unknown" {
  value = { a = terraform_data.big.id, b = terraform_data.big.output }
}
output "sensobj" {
  value     = { a = sensitive("q"), b = 1 }
  sensitive = true
}
