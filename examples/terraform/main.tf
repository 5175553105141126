# A node group that can be upgraded: two Auto Scaling groups, alike except for their color and the template version.
# To upgrade, change the version of the inactive color, apply, and run the upgrade. This module does not need to know
# which group is active.

variable "cluster" {
  type    = string
  default = "shop"
}

variable "subnets" {
  type = list(string)
}

variable "template" {
  type = string
}

# The version that each color launches. Use a number, never "$Latest": a new version would then also change the active
# group, and its next node would not be the one that was planned.
variable "template_versions" {
  type    = object({ blue = number, green = number })
  default = { blue = 41, green = 42 }
}

provider "aws" {
  region = "eu-west-1"

  # Tags that an upgrade sets on both groups while it runs, and on the group that it has retired.
  ignore_tags {
    key_prefixes = [
      "eks-node-upgrade/run",
      "eks-node-upgrade/originals",
      "eks-node-upgrade/retired",
    ]
  }
}

resource "aws_autoscaling_group" "workers" {
  for_each = var.template_versions

  name                = "${var.cluster}-workers-${each.key}"
  vpc_zone_identifier = var.subnets

  # Initial sizes. After that, the sizes belong to the role: an upgrade hands them over to the other group.
  min_size         = each.key == "blue" ? 3 : 0
  max_size         = each.key == "blue" ? 10 : 0
  desired_capacity = each.key == "blue" ? 6 : 0

  launch_template {
    id      = var.template
    version = each.value
  }

  tag {
    key                 = "kubernetes.io/cluster/${var.cluster}"
    value               = "owned"
    propagate_at_launch = true
  }
  tag {
    key                 = "eks-node-upgrade/group"
    value               = "workers"
    propagate_at_launch = false
  }
  tag {
    key                 = "eks-node-upgrade/color"
    value               = each.key
    propagate_at_launch = false
  }

  lifecycle {
    ignore_changes = [
      desired_capacity,
      min_size,
      max_size,
      suspended_processes,
      protect_from_scale_in,
    ]
  }
}
