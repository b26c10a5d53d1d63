variable "name" {
  description = "Name of the tier; each subnet is called NAME-ZONE."
  type        = string
}

variable "vpc_id" {
  description = "VPC that the subnets belong to."
  type        = string
}

variable "cidr" {
  description = "Addresses of the tier: a quarter for each zone."
  type        = string

  validation {
    condition     = can(cidrsubnet(var.cidr, 2, 3))
    error_message = "cidr must be an IPv4 block that can be cut into four."
  }
}

variable "zones" {
  description = "Availability zones, at most four; the position decides which quarter a zone gets."
  type        = list(string)

  validation {
    condition     = length(var.zones) >= 1 && length(var.zones) <= 4
    error_message = "A tier has room for one to four zones."
  }
}

variable "public" {
  description = "Whether instances launched here get a public address."
  type        = bool
}

variable "route_table_id" {
  description = "Route table of every subnet of the tier."
  type        = string
}
