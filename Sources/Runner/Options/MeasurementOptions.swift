import ArgumentParser

/// What is measured beside a sheet's pictures, and how it is printed.
struct MeasurementOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Also measure on the first so many images, and print the means with their 95 % intervals (docs/synthesis.md).",
      valueName: "n"))
  var samples: Int?

  @Flag(help: "Print the measurements as JSON; of 200 images unless --samples says otherwise.")
  var json = false

  /// They are held all at once.
  static let bounds = 2...100_000

  func validate() throws { try OptionBounds.check("--samples", samples, in: Self.bounds) }

  /// Nil where nothing is measured.
  var count: Int? { samples ?? (json ? 200 : nil) }
}
