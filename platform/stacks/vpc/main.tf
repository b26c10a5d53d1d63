# The network that the whole cluster lives in: one VPC, and a tier of subnets for each kind of inhabitant.
locals {
  stack = "vpc"
  zones = slice(data.aws_availability_zones.available.names, 0, min(var.zone_count, length(data.aws_availability_zones.available.names)))

  # Each tier is the number-th 1/256 of the VPC: with the default vpc_cidr, 10.10.<number>.0/24.
  # Load balancers face the internet; databases have no route to it; nodes face it, or look at it through NAT.
  nodes = var.topology == "private" ? "nat" : "public"

  tiers = {
    etcd    = { number = 1, way = local.nodes }
    admiral = { number = 2, way = local.nodes }
    elb     = { number = 3, way = "public" }
    rds     = { number = 4, way = "private" }
    worker  = { number = 5, way = local.nodes }
  }

  route_tables = merge(
    { public = aws_route_table.public.id, private = aws_route_table.private.id },
    { for table in aws_route_table.nat : "nat" => table.id },
  )
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

# One gateway for all zones: what it costs is little beside one a zone, and what a lost zone takes away is the way out, not
# the cluster.
resource "aws_eip" "nat" {
  count = var.topology == "private" ? 1 : 0

  domain = "vpc"

  tags = {
    Name = "${var.cluster_name}-nat"
  }

  depends_on = [aws_internet_gateway.this]
}

resource "aws_nat_gateway" "this" {
  count = var.topology == "private" ? 1 : 0

  allocation_id = aws_eip.nat[0].id
  subnet_id     = module.tier["elb"].subnet_ids[0]

  tags = {
    Name = var.cluster_name
  }

  depends_on = [aws_route.internet]
}

resource "aws_route_table" "nat" {
  count = var.topology == "private" ? 1 : 0

  vpc_id = aws_vpc.this.id

  tags = {
    Name = "${var.cluster_name}-nat"
  }
}

resource "aws_route" "nat" {
  count = var.topology == "private" ? 1 : 0

  route_table_id         = aws_route_table.nat[0].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[0].id
}

# Nodes fetch their configuration from S3 through this gateway: free of charge, and never over the internet.
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${data.aws_region.current.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = values(local.route_tables)

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
  public         = each.value.way == "public"
  route_table_id = local.route_tables[each.value.way]
}
