variable "etcd_size" {
  description = "Members of the etcd cluster: an odd number."
  type        = number
  default     = 1

  validation {
    condition     = contains([1, 3, 5, 7, 9], var.etcd_size)
    error_message = "etcd_size must be 1, 3, 5, 7 or 9. An even number of members survives no more failures than the odd number below it, and needs one more of them to agree."
  }
}

variable "etcd_instance_type" {
  description = "Instance type of the etcd nodes, x86-64."
  type        = string
  default     = "t3.micro"
}

variable "etcd_disk_gib" {
  description = "Disks of each etcd node in GiB: root is the system's, docker the containers', data etcd's."
  type = object({
    root   = optional(number, 12)
    docker = optional(number, 12)
    data   = optional(number, 100)
  })
  default = {}
}
