variable "cluster_name" {
  description = "Name of the cluster; the load balancer is called CLUSTER-SERVICE."
  type        = string
}

variable "service" {
  description = "What it leads to: ci, dockerhub."
  type        = string
}

variable "vpc_id" {
  description = "VPC that the instances run in."
  type        = string
}

variable "vpc_cidr" {
  description = "Addresses of the instances."
  type        = string
}

variable "subnet_ids" {
  description = "Public subnets, one a zone."
  type        = list(string)
}

variable "instance_port" {
  description = "Port of the instances that it leads to."
  type        = number
}

variable "health_check" {
  description = "What tells that an instance is well, such as TCP:8080 or HTTP:5080/_ping."
  type        = string
}

variable "http" {
  description = "Whether port 80 is open, too. Port 443 is where certs/ holds the site's certificate."
  type        = bool
}

variable "record" {
  description = "Name in each zone."
  type        = string
}

variable "zones" {
  description = "Zones that get the record: their ids and domains. public may be null."
  type = object({
    private = object({ id = string, domain = string })
    public  = optional(object({ id = string, domain = string }))
  })
}
