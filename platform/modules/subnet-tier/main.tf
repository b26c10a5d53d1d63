# One tier of the network: a subnet in each zone, all on one route table.
locals {
  # A fixed quarter of the tier for each zone, so that a zone added later moves nobody.
  subnets = { for index, zone in var.zones : zone => cidrsubnet(var.cidr, 2, index) }
}

resource "aws_subnet" "this" {
  for_each = local.subnets

  vpc_id                  = var.vpc_id
  availability_zone       = each.key
  cidr_block              = each.value
  map_public_ip_on_launch = var.public

  tags = {
    Name = "${var.name}-${each.key}"
  }
}

resource "aws_route_table_association" "this" {
  for_each = aws_subnet.this

  subnet_id      = each.value.id
  route_table_id = var.route_table_id
}
