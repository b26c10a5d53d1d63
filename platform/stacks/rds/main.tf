# Databases: a PostgreSQL and a MySQL server in subnets that the internet does not reach.
locals {
  stack = "rds"
  vpc   = data.terraform_remote_state.vpc.outputs
  names = data.terraform_remote_state.route53.outputs

  engines = {
    postgres = { port = 5432, record = "postgresdb", database = "postgresdb", user = "postgresadmin" }
    mysql    = { port = 3306, record = "mysqldb", database = "mysqldb", user = "mysqladmin" }
  }

  zone_ids = merge({ private = local.names.private_zone_id }, local.names.domain == null ? {} : { public = local.names.public_zone_id })
  domains  = { private = local.names.private_domain, public = local.names.domain }

  records = merge([
    for engine, its in local.engines : {
      for zone, id in local.zone_ids : "${engine}-${zone}" => { engine = engine, zone_id = id, name = "${its.record}.${local.domains[zone]}" }
    }
  ]...)
}

data "terraform_remote_state" "vpc" {
  backend = "local"

  config = {
    path = "${path.module}/../vpc/terraform.tfstate"
  }
}

data "terraform_remote_state" "route53" {
  backend = "local"

  config = {
    path = "${path.module}/../route53/terraform.tfstate"
  }
}

resource "aws_db_subnet_group" "this" {
  name        = "${var.cluster_name}-rds"
  description = "Databases of cluster ${var.cluster_name}"
  subnet_ids  = local.vpc.subnet_ids["rds"]
}

resource "aws_security_group" "this" {
  name        = "${var.cluster_name}-rds"
  description = "Databases of cluster ${var.cluster_name}"
  vpc_id      = local.vpc.vpc_id

  tags = {
    Name = "${var.cluster_name}-rds"
  }
}

resource "aws_vpc_security_group_ingress_rule" "vpc" {
  for_each = local.engines

  security_group_id = aws_security_group.this.id
  description       = "${each.key} from the VPC"
  cidr_ipv4         = local.vpc.vpc_cidr
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
}

resource "aws_db_instance" "this" {
  for_each = local.engines

  identifier        = "${var.cluster_name}-${each.key}"
  engine            = each.key
  instance_class    = var.rds_instance_class
  allocated_storage = var.rds_storage_gib
  storage_type      = "gp3"
  storage_encrypted = true

  db_name                     = each.value.database
  username                    = each.value.user
  port                        = each.value.port
  manage_master_user_password = true

  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.this.id]
  publicly_accessible    = false
  multi_az               = var.rds_multi_az
  dedicated_log_volume   = false

  backup_retention_period    = 7
  backup_window              = "09:19-10:10"
  maintenance_window         = "tue:10:33-tue:11:03"
  auto_minor_version_upgrade = true
  copy_tags_to_snapshot      = true
  apply_immediately          = false

  monitoring_interval          = 0
  performance_insights_enabled = false

  # To remove a database: set rds_deletion_protection = false, apply, then destroy. Its last snapshot stays.
  delete_automated_backups  = true
  deletion_protection       = var.rds_deletion_protection
  skip_final_snapshot       = var.rds_skip_final_snapshot
  final_snapshot_identifier = "${var.cluster_name}-${each.key}-final-${substr(terraform_data.life[each.key].id, 0, 8)}"
}

# A database that is made again gets a final snapshot of another name than the one before it left.
resource "terraform_data" "life" {
  for_each = local.engines
}

resource "aws_route53_record" "this" {
  for_each = local.records

  zone_id = each.value.zone_id
  name    = each.value.name
  type    = "CNAME"
  ttl     = 60
  records = [aws_db_instance.this[each.value.engine].address]
}
