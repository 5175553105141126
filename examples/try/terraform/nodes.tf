# One node group: two Auto Scaling groups with the three tags, each with a launch template of its own.

# To upgrade, change the inactive color, apply, and run the upgrade.
variable "instance_types" {
  type    = object({ blue = string, green = string })
  default = { blue = "t3.medium", green = "t3.medium" }
}

variable "images" {
  type        = object({ blue = string, green = string })
  default     = { blue = "recommended", green = "recommended" }
  description = "recommended, or an ami-…"
}

data "aws_ssm_parameter" "image" {
  name = "/aws/service/eks/optimized-ami/${aws_eks_cluster.try.version}/amazon-linux-2023/x86_64/standard/recommended/image_id"
}

resource "aws_iam_role" "node" {
  name = "${var.cluster}-node"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "node" {
  for_each   = toset(["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"])
  role       = aws_iam_role.node.name
  policy_arn = "arn:aws:iam::aws:policy/${each.value}"
}

# Both colors share one profile: a profile for each would be a difference that goes back and forth with every upgrade.
resource "aws_iam_instance_profile" "node" {
  name = "${var.cluster}-node"
  role = aws_iam_role.node.name
}

# Lets the nodes of both colors join.
resource "aws_eks_access_entry" "node" {
  cluster_name  = aws_eks_cluster.try.name
  principal_arn = aws_iam_role.node.arn
  type          = "EC2_LINUX"
}

resource "aws_launch_template" "node" {
  for_each               = var.instance_types
  name                   = "${var.cluster}-${each.key}"
  image_id               = var.images[each.key] == "recommended" ? data.aws_ssm_parameter.image.insecure_value : var.images[each.key]
  instance_type          = each.value
  vpc_security_group_ids = [aws_eks_cluster.try.vpc_config[0].cluster_security_group_id]

  iam_instance_profile {
    arn = aws_iam_instance_profile.node.arn
  }

  metadata_options {
    http_tokens = "required"
  }

  user_data = base64encode(<<-EOT
    MIME-Version: 1.0
    Content-Type: multipart/mixed; boundary="BOUNDARY"

    --BOUNDARY
    Content-Type: application/node.eks.aws

    ---
    apiVersion: node.eks.aws/v1alpha1
    kind: NodeConfig
    spec:
      cluster:
        name: ${aws_eks_cluster.try.name}
        apiServerEndpoint: ${aws_eks_cluster.try.endpoint}
        certificateAuthority: ${aws_eks_cluster.try.certificate_authority[0].data}
        cidr: ${aws_eks_cluster.try.kubernetes_network_config[0].service_ipv4_cidr}

    --BOUNDARY--
  EOT
  )
}

resource "aws_autoscaling_group" "node" {
  for_each            = var.instance_types
  name                = "${var.cluster}-${each.key}"
  vpc_zone_identifier = aws_subnet.try[*].id

  # Initial sizes. After that, the sizes belong to the role: an upgrade hands them over to the other group.
  min_size         = each.key == "blue" ? 1 : 0
  max_size         = each.key == "blue" ? 4 : 0
  desired_capacity = each.key == "blue" ? 2 : 0

  launch_template {
    id      = aws_launch_template.node[each.key].id
    version = aws_launch_template.node[each.key].latest_version
  }

  dynamic "tag" {
    for_each = {
      "kubernetes.io/cluster/${var.cluster}" = "owned"
      "eks-node-upgrade/group"               = "workers"
      "eks-node-upgrade/color"               = each.key
    }
    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = startswith(tag.key, "kubernetes.io/")
    }
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

  depends_on = [aws_eks_access_entry.node, aws_iam_role_policy_attachment.node]
}
