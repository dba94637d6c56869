/// What stands in the columns of a sheet.
package enum SheetColumn: String, Sendable, CaseIterable {
  case image
  /// Each model's input gradient.
  case gradient
  /// The same over noisy copies of the image (`SmoothGrad`).
  case smoothgrad
  /// The gradient's part along the tangent space, and the rest.
  case gradientTangent = "gradient-tangent"
  case gradientNormal = "gradient-normal"
  /// At each noise level that was asked for.
  case score
  /// What the score makes of the image: x + sigma^2 s(x; sigma).
  case denoised
  /// The gradient of the classifier of the task's density.
  case reference
  /// A random direction along the tangent space, and one off it: those that sensitivities are measured along.
  case tangent
  case normal

  var isOfModels: Bool { [.gradient, .smoothgrad, .gradientTangent, .gradientNormal].contains(self) }
  var needsTangentSpace: Bool { [.gradientTangent, .gradientNormal, .tangent, .normal].contains(self) }
}
