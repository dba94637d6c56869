import ArgumentParser

/// What is measured beside a sheet's pictures, and how it is printed.
struct MeasurementOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Also measure on the first so many images, and print the means with their 95 % intervals (docs/synthesis.md). (with --json: 200)",
      valueName: "n"))
  var samples: Int?

  /// They are held all at once.
  static let bounds = 2...100_000

  func validate() throws { try OptionBounds.check("--samples", samples, in: Self.bounds) }

  /// - Returns: nil where nothing is measured.
  func count(_ reporting: ReportingOptions) -> Int? { samples ?? (reporting.json ? 200 : nil) }
}
