# The same in the stacks of nodes: what cluster.tfvars says about nodes of every kind.
variable "update_channel" {
  description = "Flatcar channel that nodes are launched from and take their updates from: stable, beta, alpha or lts."
  type        = string
  default     = "stable"

  validation {
    condition     = contains(["stable", "beta", "alpha", "lts"], var.update_channel)
    error_message = "update_channel must be stable, beta, alpha or lts."
  }
}

variable "image_id" {
  description = "Image to launch nodes from. null takes the newest Flatcar image of the channel when the group is made, and keeps it."
  type        = string
  default     = null
}

variable "ssh_public_key" {
  description = "Public key that logs in to nodes as core, in OpenSSH format. null takes the cluster's own (terrace keys create), if there is one."
  type        = string
  default     = null
}

variable "allow_ssh_cidr" {
  description = "Addresses that may reach the nodes' port 22, such as [\"203.0.113.7/32\"]. Empty closes it."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.allow_ssh_cidr : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "allow_ssh_cidr must hold IPv4 blocks, such as 203.0.113.7/32. The whole internet (0.0.0.0/0) is refused."
  }
}
