variable "cluster_name" {
  description = "Name of the cluster; the group is called CLUSTER-ROLE."
  type        = string
}

variable "role" {
  description = "Kind of node: etcd, worker."
  type        = string
}

variable "vpc_id" {
  description = "VPC that the nodes run in."
  type        = string
}

variable "vpc_cidr" {
  description = "Addresses that may reach the ports of vpc_ingress."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets to spread the nodes over."
  type        = list(string)
}

variable "size" {
  description = "How many nodes the group has, and between which bounds that may be changed."
  type = object({
    min     = number
    desired = number
    max     = number
  })

  validation {
    condition     = 0 <= var.size.min && var.size.min <= var.size.desired && var.size.desired <= var.size.max
    error_message = "size must have 0 <= min <= desired <= max."
  }
}

variable "instance_type" {
  description = "Instance type of the nodes, x86-64."
  type        = string
}

variable "disk_gib" {
  description = "Sizes of the disks in GiB: the system, Docker's data, and the data of the role."
  type = object({
    root   = optional(number, 12)
    docker = optional(number, 12)
    data   = optional(number, 100)
  })
  default = {}

  validation {
    condition     = var.disk_gib.root >= 10 && var.disk_gib.docker >= 1 && var.disk_gib.data >= 1
    error_message = "disk_gib needs at least 10 GiB for root and 1 GiB for docker and data each."
  }
}

variable "update_channel" {
  description = "Flatcar channel: stable, beta, alpha or lts."
  type        = string

  validation {
    condition     = contains(["stable", "beta", "alpha", "lts"], var.update_channel)
    error_message = "update_channel must be stable, beta, alpha or lts."
  }
}

variable "image_id" {
  description = "Image to launch. null takes the newest Flatcar image of the channel when the group is made, and keeps it."
  type        = string
  default     = null
}

variable "instance_profile_name" {
  description = "Instance profile that gives the nodes their role."
  type        = string
}

variable "ssh_public_key" {
  description = "Public key that logs in as core, in OpenSSH format. null takes the cluster's own (terrace keys create), if there is one."
  type        = string
  default     = null
}

variable "allow_ssh_cidr" {
  description = "Addresses that may reach port 22. Empty closes it."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.allow_ssh_cidr : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "allow_ssh_cidr must hold IPv4 blocks, such as 203.0.113.7/32. The whole internet (0.0.0.0/0) is refused."
  }
}

variable "vpc_ingress" {
  description = "What may be reached from the VPC, by name: a protocol and a range of ports."
  type = map(object({
    protocol  = string
    from_port = number
    to_port   = number
  }))
}

variable "cloudinit_bucket" {
  description = "Bucket that the nodes fetch their configuration from."
  type        = string
}

variable "node_config" {
  description = "The role's Ignition configuration. A node reads it when it first boots."
  type        = string
}

variable "load_balancers" {
  description = "Names of classic load balancers that the nodes stand behind."
  type        = list(string)
  default     = []
}

variable "agent" {
  description = "The agent's archive: its path, the key in the bucket that the configuration names, its sha512. null for none."
  type = object({
    path   = string
    key    = string
    sha512 = string
  })
  default = null
}

variable "leaves_gracefully" {
  description = "Whether an instance that goes is given five minutes to leave its cluster first, or until it says that it has."
  type        = bool
  default     = false
}

variable "suspended_processes" {
  description = "Processes of the autoscaling group that stay off."
  type        = list(string)
  default     = []
}

variable "tags" {
  description = "Tags of the instances and their disks, beside Name and Role."
  type        = map(string)
  default     = {}
}

variable "flatcar_version" {
  description = "Version of Flatcar to launch, such as 4081.2.1, in place of the channel's newest. null for that."
  type        = string
  default     = null
}

variable "spot" {
  description = "Spot instances: their types, the cheapest with capacity first, how many nodes are on demand all the same, and what share of the rest. null for none."
  type = object({
    instance_types    = list(string)
    on_demand_base    = optional(number, 0)
    on_demand_percent = optional(number, 0)
  })
  default = null
}
