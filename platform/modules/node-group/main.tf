# A group of like nodes: where they may be reached, how one is launched, how many there are.
locals {
  name       = "${var.cluster_name}-${var.role}"
  config_key = "${var.role}/ignition.json"
  config_url = "s3://${aws_s3_object.node_config.bucket}/${aws_s3_object.node_config.key}"

  # The cluster's own key stands where "terrace keys create" puts it.
  own_key        = "${path.module}/../../keys/${var.cluster_name}.pem.pub"
  ssh_public_key = var.ssh_public_key != null ? var.ssh_public_key : fileexists(local.own_key) ? trimspace(file(local.own_key)) : null

  # Nodes and disks are made by the autoscaling group, not by this configuration: it has to be told their tags.
  node_tags = merge(var.tags, { Name = local.name, Role = var.role })

  # As the image names them; nodes/ignition.json.tftpl formats the second and the third.
  disks = {
    "/dev/xvda" = var.disk_gib.root
    "/dev/xvdb" = var.disk_gib.docker
    "/dev/xvdc" = var.disk_gib.data
  }
}

data "aws_ami" "flatcar" {
  count = var.image_id == null ? 1 : 0

  owners      = ["075585003325"] # Flatcar's account
  most_recent = true

  filter {
    name   = "name"
    values = ["Flatcar-${var.update_channel}-${var.flatcar_version == null ? "*" : var.flatcar_version}-hvm"]
  }

  filter {
    name   = "architecture"
    values = ["x86_64"]
  }

  filter {
    name   = "virtualization-type"
    values = ["hvm"]
  }
}

# The image that nodes are launched from, as it was chosen: a newer one of the channel does not change a group by itself. It is
# chosen again when image_id or the channel changes, or with -replace=module.nodes.terraform_data.image.
resource "terraform_data" "image" {
  input            = var.image_id == null ? data.aws_ami.flatcar[0].id : var.image_id
  triggers_replace = [var.update_channel, var.image_id, var.flatcar_version]

  lifecycle {
    ignore_changes = [input]
  }
}

resource "aws_security_group" "this" {
  name        = local.name
  description = "Nodes of ${local.name}"
  vpc_id      = var.vpc_id

  tags = {
    Name = local.name
  }
}

resource "aws_vpc_security_group_ingress_rule" "vpc" {
  for_each = var.vpc_ingress

  security_group_id = aws_security_group.this.id
  description       = "${each.key} from the VPC"
  cidr_ipv4         = var.vpc_cidr
  ip_protocol       = each.value.protocol
  from_port         = each.value.from_port
  to_port           = each.value.to_port
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  for_each = toset(var.allow_ssh_cidr)

  security_group_id = aws_security_group.this.id
  description       = "ssh from an operator"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

resource "aws_vpc_security_group_egress_rule" "all" {
  security_group_id = aws_security_group.this.id
  description       = "everything outward"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_key_pair" "operator" {
  count = local.ssh_public_key == null ? 0 : 1

  key_name   = local.name
  public_key = local.ssh_public_key
}

# A new agent is there before the configuration names it, and the old one until after.
resource "aws_s3_object" "agent" {
  count = var.agent == null ? 0 : 1

  bucket       = var.cloudinit_bucket
  key          = var.agent.key
  source       = var.agent.path
  content_type = "application/gzip"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_s3_object" "node_config" {
  bucket       = var.cloudinit_bucket
  key          = local.config_key
  content      = var.node_config
  content_type = "application/json"

  depends_on = [aws_s3_object.agent]
}

resource "aws_launch_template" "this" {
  name                   = local.name
  description            = "Nodes of ${local.name}"
  image_id               = terraform_data.image.input
  instance_type          = var.instance_type
  key_name               = one(aws_key_pair.operator[*].key_name)
  vpc_security_group_ids = [aws_security_group.this.id]
  update_default_version = true

  # Small, without secrets, and the same for good: the configuration itself changes in the bucket.
  user_data = base64encode(jsonencode({
    ignition = {
      version = "3.3.0"
      config  = { replace = { source = local.config_url } }
    }
  }))

  iam_instance_profile {
    name = var.instance_profile_name
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  dynamic "block_device_mappings" {
    for_each = local.disks

    content {
      device_name = block_device_mappings.key

      ebs {
        volume_type           = "gp3"
        volume_size           = block_device_mappings.value
        encrypted             = true
        delete_on_termination = true
      }
    }
  }

  tag_specifications {
    resource_type = "volume"
    tags          = local.node_tags
  }
}

resource "aws_autoscaling_group" "this" {
  name                      = local.name
  min_size                  = var.size.min
  desired_capacity          = var.size.desired
  max_size                  = var.size.max
  vpc_zone_identifier       = var.subnet_ids
  health_check_type         = "EC2"
  health_check_grace_period = 300
  metrics_granularity       = "1Minute"
  wait_for_capacity_timeout = "10m"
  suspended_processes       = var.suspended_processes
  load_balancers            = var.load_balancers

  dynamic "launch_template" {
    for_each = var.spot == null ? ["on demand"] : []

    content {
      id      = aws_launch_template.this.id
      version = aws_launch_template.this.latest_version
    }
  }

  dynamic "mixed_instances_policy" {
    for_each = var.spot == null ? [] : [var.spot]

    content {
      instances_distribution {
        on_demand_base_capacity                  = mixed_instances_policy.value.on_demand_base
        on_demand_percentage_above_base_capacity = mixed_instances_policy.value.on_demand_percent
        spot_allocation_strategy                 = "price-capacity-optimized"
      }

      launch_template {
        launch_template_specification {
          launch_template_id = aws_launch_template.this.id
          version            = aws_launch_template.this.latest_version
        }

        dynamic "override" {
          for_each = mixed_instances_policy.value.instance_types

          content {
            instance_type = override.value
          }
        }
      }
    }
  }

  # Made with the group: it holds for the first instance, too.
  dynamic "initial_lifecycle_hook" {
    for_each = var.leaves_gracefully ? ["leave"] : []

    content {
      name                 = initial_lifecycle_hook.value
      lifecycle_transition = "autoscaling:EC2_INSTANCE_TERMINATING"
      heartbeat_timeout    = 300
      default_result       = "CONTINUE"
    }
  }

  dynamic "tag" {
    for_each = local.node_tags

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  # A node that boots before its way out is open cannot fetch its configuration.
  depends_on = [aws_vpc_security_group_egress_rule.all]
}
