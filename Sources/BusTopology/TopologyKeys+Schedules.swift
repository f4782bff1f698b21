internal import BusProtocol

/// One of an engine's `schedules`.
enum ScheduleKeys {
  static let cron = Key(
    "cron", .anyWords, "Minute, hour, day, month and weekday, or a word such as @daily; on the clock of 'timezone'.",
    example: "\"0 8 * * mon-fri\"")
  static let every = Key(
    "every", .duration(ScheduleRule.shortestInterval...(.seconds(366 * 86_400))),
    "An interval instead of 'cron': due at its multiples since 1970 in UTC.", example: "5m")
  static let timezone = Key(
    "timezone", .anyWords, "Whose clock 'cron' is read on.", example: "Europe/Paris", standard: "UTC")
  static let worker = Key("worker", .name, "The worker of its jobs.", example: "Dunning", isRequired: true)
  static let queue = Key(
    "queue", .name, "The queue of its jobs.", example: "default",
    standard: .string(QueueDefinition.standardName.text))
  static let input = ValueForm<String>.anyText
  static let inputs = KeyEntry(
    "inputs", .texts(.variable, input.schema),
    "The inputs of its jobs. What is in quotes is text; a plain number, true, false or null is that.",
    example: "inputs: { limit: 100 }")
  static let overlap = Key(
    "overlap", .word([ScheduleDefinition.Overlap.skip, .allow, .queue]),
    "While an earlier job is not finished: skip makes none, allow one beside it, queue one that begins after it.",
    example: "skip", standard: .string(ScheduleDefinition.standardOverlap.rawValue))
  static let catchUp = Key(
    "catch-up", .word([ScheduleDefinition.CatchUp.none, .last, .all]),
    "Due times that passed while busd was down: none is made up for, the last one, or all of them (up to 1000).",
    example: "last", standard: .string(ScheduleDefinition.standardCatchUp.rawValue))
  static let enabled = Key("enabled", .boolean, "Whether it makes jobs.", example: "true", standard: true)
  static let table = KeyTable(
    "schedule",
    [
      cron.entry, every.entry, timezone.entry, worker.entry, queue.entry, inputs, overlap.entry, catchUp.entry,
      enabled.entry,
    ])
}
