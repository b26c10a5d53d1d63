# The network that the whole cluster lives in: one VPC, and a tier of subnets for each kind of inhabitant.
locals {
  stack = "vpc"
  zones = slice(data.aws_availability_zones.available.names, 0, min(var.zone_count, length(data.aws_availability_zones.available.names)))

  # Each tier is the number-th 1/256 of the VPC: with the default vpc_cidr, 10.10.<number>.0/24.
  # Nodes and load balancers face the internet; databases have no route to it.
  tiers = {
    etcd    = { number = 1, public = true }
    admiral = { number = 2, public = true }
    elb     = { number = 3, public = true }
    rds     = { number = 4, public = false }
    worker  = { number = 5, public = true }
  }
}

data "aws_region" "current" {}

data "aws_availability_zones" "available" {
  state = "available"

  filter {
    name   = "zone-type"
    values = ["availability-zone"]
  }
}

resource "aws_vpc" "this" {
  cidr_block           = var.vpc_cidr
  instance_tenancy     = "default"
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = {
    Name = var.cluster_name
  }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = {
    Name = var.cluster_name
  }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id

  tags = {
    Name = "${var.cluster_name}-public"
  }
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.this.id

  tags = {
    Name = "${var.cluster_name}-private"
  }
}

# Nodes fetch their configuration from S3 through this gateway: free of charge, and never over the internet.
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${data.aws_region.current.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.public.id, aws_route_table.private.id]

  tags = {
    Name = "${var.cluster_name}-s3"
  }
}

module "tier" {
  source   = "../../modules/subnet-tier"
  for_each = local.tiers

  name           = "${var.cluster_name}-${each.key}"
  vpc_id         = aws_vpc.this.id
  cidr           = cidrsubnet(var.vpc_cidr, 8, each.value.number)
  zones          = local.zones
  public         = each.value.public
  route_table_id = each.value.public ? aws_route_table.public.id : aws_route_table.private.id
}
