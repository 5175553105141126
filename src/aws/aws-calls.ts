/**
 * The actions of AWS that the port to node groups is made of, with the SDK's own inputs and outputs. The SDK's clients
 * provide them (sdk-calls.ts), and so does the lab. Everything that stands on this table is the same for both.
 */

import type {
  ActivitiesType,
  ActivityType,
  AutoScalingGroupNamesType,
  AutoScalingGroupsType,
  CreateOrUpdateTagsType,
  DeleteTagsType,
  DescribeInstanceRefreshesAnswer,
  DescribeInstanceRefreshesType,
  DescribeLifecycleHooksAnswer,
  DescribeLifecycleHooksType,
  DescribePoliciesType,
  DescribeScalingActivitiesType,
  DescribeScheduledActionsType,
  PoliciesType,
  ScalingProcessQuery,
  ScheduledActionsType,
  SetInstanceProtectionQuery,
  TerminateInstanceInAutoScalingGroupType,
  UpdateAutoScalingGroupType
} from '@aws-sdk/client-auto-scaling'
import type { AwsLaunchTemplateVersion } from './translation.ts'

/** Rejects with the SDK's error, or with one that has the same form. Given up as soon as the deadline aborts. */
export type ServiceCall<Input, Output = unknown> = (input: Input, deadline: AbortSignal) => Promise<Output>

/** Reads may be repeated below this table. Writes are sent once. */
export interface AutoScalingCalls {
  describeAutoScalingGroups: ServiceCall<AutoScalingGroupNamesType, AutoScalingGroupsType>
  describeScalingActivities: ServiceCall<DescribeScalingActivitiesType, ActivitiesType>
  describePolicies: ServiceCall<DescribePoliciesType, PoliciesType>
  describeScheduledActions: ServiceCall<DescribeScheduledActionsType, ScheduledActionsType>
  describeLifecycleHooks: ServiceCall<DescribeLifecycleHooksType, DescribeLifecycleHooksAnswer>
  describeInstanceRefreshes: ServiceCall<DescribeInstanceRefreshesType, DescribeInstanceRefreshesAnswer>
  updateAutoScalingGroup: ServiceCall<UpdateAutoScalingGroupType>
  suspendProcesses: ServiceCall<ScalingProcessQuery>
  resumeProcesses: ServiceCall<ScalingProcessQuery>
  setInstanceProtection: ServiceCall<SetInstanceProtectionQuery>
  createOrUpdateTags: ServiceCall<CreateOrUpdateTagsType>
  deleteTags: ServiceCall<DeleteTagsType>
  terminateInstanceInAutoScalingGroup: ServiceCall<TerminateInstanceInAutoScalingGroupType, ActivityType>
}

/** As client-ec2 has them; that package is only a dependency of the tests because of its size. */
export interface LaunchTemplateVersionsInput {
  LaunchTemplateId?: string
  LaunchTemplateName?: string
  Versions?: string[]
  MinVersion?: string
  NextToken?: string
}

export interface NewVersionInput {
  LaunchTemplateId: string
  SourceVersion?: string
  VersionDescription: string
  ClientToken: string
  LaunchTemplateData: { ImageId?: string }
  DryRun?: boolean
}

export interface AwsImage {
  ImageId?: string
  Name?: string
  Architecture?: string
  Platform?: string
  State?: string
  OwnerId?: string
  ImageOwnerAlias?: string
  DeprecationTime?: string
  RootDeviceName?: string
}

export interface AwsReservation {
  Instances?: readonly { InstanceId?: string; ImageId?: string }[]
}

interface Page {
  NextToken?: string
}

export interface Filter {
  Name: string
  Values: string[]
}

export interface Ec2Calls {
  describeLaunchTemplateVersions: ServiceCall<
    LaunchTemplateVersionsInput,
    Page & { LaunchTemplateVersions?: readonly AwsLaunchTemplateVersion[] }
  >
  /** By filter: a filter that matches nothing is no error. */
  describeImages: ServiceCall<
    Page & { Filters: Filter[]; IncludeDeprecated: boolean },
    Page & { Images?: readonly AwsImage[] }
  >
  describeInstances: ServiceCall<Page & { Filters: Filter[] }, Page & { Reservations?: readonly AwsReservation[] }>
  createLaunchTemplateVersion: ServiceCall<NewVersionInput>
  modifyLaunchTemplate: ServiceCall<{ LaunchTemplateId: string; DefaultVersion: string; DryRun?: boolean }>
  deleteLaunchTemplateVersions: ServiceCall<{ LaunchTemplateId: string; Versions: string[]; DryRun?: boolean }>
}

export interface SsmCalls {
  getParameter: ServiceCall<{ Name: string }, { Parameter?: { Value?: string } }>
}

/** What one method of the port may take, counted from the moment of the question. */
export interface Deadlines {
  /** One read with all its pages and attempts. */
  read(): AbortSignal
  /** One write with all its chunks. It must end inside the lease. */
  write(): AbortSignal
}

/** What every part of the adapter needs besides its call. */
export interface AwsAccess {
  region: string
  deadlines: Deadlines
  /** The URL to which a service's calls go instead of AWS; for error messages. */
  endpoint?(service: string): Promise<string | undefined>
}
