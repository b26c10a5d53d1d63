variable "vpc_cidr" {
  description = "Addresses of the VPC. Every subnet is cut out of it: a tier takes 1/256 of it, a zone a quarter of that."
  type        = string
  default     = "10.10.0.0/16"

  validation {
    condition     = can(cidrhost(var.vpc_cidr, 0)) && try(contains([16, 17, 18], tonumber(split("/", var.vpc_cidr)[1])), false)
    error_message = "vpc_cidr must be an IPv4 block from /16 to /18, such as 10.10.0.0/16: a smaller one leaves subnets below the /28 that AWS accepts."
  }
}

variable "zone_count" {
  description = "Availability zones to spread each tier over, or as many as the region has."
  type        = number
  default     = 3

  validation {
    condition     = contains([1, 2, 3, 4], var.zone_count)
    error_message = "zone_count must be 1, 2, 3 or 4: a tier has room for four zones."
  }
}

variable "topology" {
  description = "public: nodes have public addresses. private: they have none, and reach the internet through a NAT gateway."
  type        = string
  default     = "public"

  validation {
    condition     = contains(["public", "private"], var.topology)
    error_message = "topology must be public or private."
  }
}
