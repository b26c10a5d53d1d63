variable "domain" {
  description = "Domain of the public names, such as example.com. null for none: then names exist in the VPC alone."
  type        = string
  default     = null

  validation {
    condition     = var.domain == null ? true : can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain must be a domain name in lower case, such as example.com, without a dot at its end."
  }
}
