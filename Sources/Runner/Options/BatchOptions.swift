import ArgumentParser

/// `--batch`, of every command that runs a model.
struct BatchOptions: ParsableArguments {
  @Option(
    help: "Images per thread and pass; results do not depend on it. (default: 64, fewer where memory wants it)")
  var batch: Int?

  func validate() throws { try OptionBounds.check("--batch", batch, in: OptionBounds.batch) }
}
