# A public load balancer before instances of the cluster: TLS with the site's certificate, which comes from certs/.
locals {
  name     = "${var.cluster_name}-${var.service}"
  site     = "${path.module}/../../certs/site.pem"
  has_site = fileexists(local.site)

  listeners = merge(
    var.http ? { http = { port = 80, protocol = "http" } } : {},
    local.has_site ? { https = { port = 443, protocol = "https" } } : {},
  )
  is_made = length(local.listeners) > 0

  zones = merge({ private = var.zones.private }, var.zones.public == null ? {} : { public = var.zones.public })
}

# A renewed certificate takes the old one's place at the listener before that goes.
resource "aws_iam_server_certificate" "site" {
  count = local.has_site ? 1 : 0

  name_prefix       = "${local.name}-"
  path              = "/"
  certificate_body  = local.has_site ? file(local.site) : ""
  certificate_chain = local.has_site ? file("${path.module}/../../certs/rootCA.pem") : ""
  private_key       = local.has_site ? file("${path.module}/../../certs/site-key.pem") : ""

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group" "this" {
  name        = "${local.name}-elb"
  description = "Load balancer ${local.name}"
  vpc_id      = var.vpc_id

  tags = {
    Name = "${local.name}-elb"
  }
}

resource "aws_vpc_security_group_ingress_rule" "public" {
  for_each = local.listeners

  security_group_id = aws_security_group.this.id
  description       = "${each.key} from everywhere"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
}

resource "aws_vpc_security_group_egress_rule" "instances" {
  security_group_id = aws_security_group.this.id
  description       = "to the instances"
  cidr_ipv4         = var.vpc_cidr
  ip_protocol       = "tcp"
  from_port         = var.instance_port
  to_port           = var.instance_port
}

resource "aws_elb" "this" {
  count = local.is_made ? 1 : 0

  name            = local.name
  subnets         = var.subnet_ids
  security_groups = [aws_security_group.this.id]

  dynamic "listener" {
    for_each = local.listeners

    content {
      lb_port            = listener.value.port
      lb_protocol        = listener.value.protocol
      instance_port      = var.instance_port
      instance_protocol  = "http"
      ssl_certificate_id = listener.key == "https" ? aws_iam_server_certificate.site[0].arn : null
    }
  }

  health_check {
    target              = var.health_check
    healthy_threshold   = 5
    unhealthy_threshold = 2
    timeout             = 3
    interval            = 30
  }

  cross_zone_load_balancing   = true
  connection_draining         = true
  connection_draining_timeout = 60
  idle_timeout                = 300
  desync_mitigation_mode      = "defensive"
}

resource "aws_route53_record" "this" {
  for_each = { for zone, its in local.zones : zone => its if local.is_made }

  zone_id = each.value.id
  name    = "${var.record}.${each.value.domain}"
  type    = "CNAME"
  ttl     = 60
  records = [aws_elb.this[0].dns_name]
}
