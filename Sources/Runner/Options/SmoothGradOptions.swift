import ArgumentParser
import Synthesis

/// How gradients are smoothed, of `show gradients`.
struct SmoothGradOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Settings of a public implementation: \(SmoothGradPreset.allCases.map(\.rawValue).joined(separator: ", ")); the options "
        + "below change single ones of them.", valueName: "preset"))
  var smoothgradPreset: SmoothGradPreset = .smilkov

  @Option(
    help: ArgumentHelp(
      "What is told of the noisy gradients: their mean, the mean of their squares or their variance: "
        + "\(SmoothGrad.Variant.allCases.map(\.rawValue).joined(separator: ", ")). (default: the preset's)",
      valueName: "variant"))
  var smoothgradVariant: SmoothGrad.Variant?

  @Option(
    help: ArgumentHelp(
      "Standard deviation of the noise: in pixel units, such as 0.5, or as a share of the image's range, such as 15%. (default: the "
        + "preset's)", valueName: "sigma"))
  var smoothgradNoise: SmoothGrad.Noise?

  @Option(help: ArgumentHelp("Noisy copies of an image. (default: the preset's)", valueName: "n"))
  var smoothgradSamples: Int?

  func validate() throws {
    try OptionBounds.check("--smoothgrad-samples", smoothgradSamples, in: 1...100_000)
  }

  var settings: SmoothGrad {
    var settings = smoothgradPreset.settings
    settings.variant = smoothgradVariant ?? settings.variant
    settings.noise = smoothgradNoise ?? settings.noise
    settings.samples = smoothgradSamples ?? settings.samples
    return settings
  }
}

extension SmoothGradPreset: ExpressibleByArgument {}

extension SmoothGrad.Variant: ExpressibleByArgument {}

extension SmoothGrad.Noise: ExpressibleByArgument {
  /// A positive number, or a percentage.
  package init?(argument: String) {
    let isShare = argument.hasSuffix("%")
    guard let number = Double(isShare ? String(argument.dropLast()) : argument), (1e-6...1e6).contains(number) else {
      return nil
    }
    self = isShare ? .share(number / 100) : .absolute(number)
  }
}
