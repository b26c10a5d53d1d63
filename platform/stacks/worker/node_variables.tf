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

variable "reboot_window" {
  description = "When nodes may reboot into updates, one of a role after the other: a start and a length such as \"05:30 3h\", with a day before it once a week (\"Sun 05:30 3h\"). Empty allows any time."
  type        = string
  default     = "05:30 3h"

  validation {
    condition     = can(regex("^(((Sun|Mon|Tue|Wed|Thu|Fri|Sat) )?([01][0-9]|2[0-3]):[0-5][0-9] ([0-9]+h)?([0-9]+m)?)?$", var.reboot_window)) && !endswith(var.reboot_window, " ")
    error_message = "reboot_window must be a start and a length, such as \"05:30 3h\" or \"Sun 05:30 90m\", or empty."
  }
}

variable "time_zone" {
  description = "Time zone of reboot_window, such as Europe/Berlin."
  type        = string
  default     = "UTC"
}

variable "flannel_network" {
  description = "Network that flannel gives containers addresses of, such as 10.2.0.0/16, outside of vpc_cidr. null for no flannel."
  type        = string
  default     = null

  validation {
    condition     = var.flannel_network == null ? true : can(cidrhost(var.flannel_network, 0))
    error_message = "flannel_network must be an IPv4 block, such as 10.2.0.0/16, or null."
  }
}

variable "flatcar_version" {
  description = "Version of Flatcar to launch, such as 4081.2.1, in place of the channel's newest. null for that."
  type        = string
  default     = null

  validation {
    condition     = var.flatcar_version == null ? true : can(regex("^[0-9]+[.][0-9]+[.][0-9]+$", var.flatcar_version))
    error_message = "flatcar_version must be a version, such as 4081.2.1."
  }
}
