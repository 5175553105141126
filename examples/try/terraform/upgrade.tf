# Who may upgrade: a role with the policy of this repository, and the access entry that leads it to examples/rbac.yaml.

resource "aws_iam_role" "upgrade" {
  name = "${var.cluster}-upgrade"

  # Whoever may assume roles in this account. A workflow needs examples/trust-policy.json instead.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:root" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "upgrade" {
  name = "eks-node-upgrade"
  role = aws_iam_role.upgrade.name
  policy = replace(replace(replace(
    file("${path.module}/../../iam-policy.json"),
    "cluster/shop", "cluster/${var.cluster}"),
    "eu-west-1", var.region),
    "111122223333", data.aws_caller_identity.me.account_id
  )
}

resource "aws_eks_access_entry" "upgrade" {
  cluster_name      = aws_eks_cluster.try.name
  principal_arn     = aws_iam_role.upgrade.arn
  kubernetes_groups = ["eks-node-upgrade"]
}

output "role" {
  value = aws_iam_role.upgrade.arn
}

output "kubeconfig" {
  value = "aws eks update-kubeconfig --name ${var.cluster} --region ${var.region}"
}
