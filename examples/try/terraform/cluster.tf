# A small EKS cluster in a VPC of its own, to try an upgrade on. Public subnets, so that no NAT gateway has to be paid for.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

variable "region" {
  type    = string
  default = "eu-west-1"
}

variable "cluster" {
  type    = string
  default = "try-upgrade"
}

provider "aws" {
  region = var.region

  # Tags that an upgrade sets on both groups while it runs, and on the group that it has retired.
  ignore_tags {
    key_prefixes = [
      "eks-node-upgrade/run",
      "eks-node-upgrade/originals",
      "eks-node-upgrade/retired",
    ]
  }
}

data "aws_caller_identity" "me" {}

data "aws_availability_zones" "here" {
  state = "available"
}

resource "aws_vpc" "try" {
  cidr_block           = "10.42.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = var.cluster }
}

resource "aws_internet_gateway" "try" {
  vpc_id = aws_vpc.try.id
}

resource "aws_subnet" "try" {
  count                   = 2
  vpc_id                  = aws_vpc.try.id
  availability_zone       = data.aws_availability_zones.here.names[count.index]
  cidr_block              = cidrsubnet(aws_vpc.try.cidr_block, 8, count.index)
  map_public_ip_on_launch = true
}

resource "aws_route_table" "try" {
  vpc_id = aws_vpc.try.id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.try.id
  }
}

resource "aws_route_table_association" "try" {
  count          = 2
  subnet_id      = aws_subnet.try[count.index].id
  route_table_id = aws_route_table.try.id
}

resource "aws_iam_role" "cluster" {
  name = "${var.cluster}-cluster"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "eks.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "cluster" {
  role       = aws_iam_role.cluster.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
}

# The VPC CNI, kube-proxy and CoreDNS come with it.
resource "aws_eks_cluster" "try" {
  name     = var.cluster
  role_arn = aws_iam_role.cluster.arn

  vpc_config {
    subnet_ids = aws_subnet.try[*].id
  }

  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = true
  }

  depends_on = [aws_iam_role_policy_attachment.cluster]
}
