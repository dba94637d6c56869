/// The constants of the task. Any change makes images and results incomparable: raise `GlyphsTask.version`.
struct GlyphsConstants: Sendable {
  /// rho: how much of the other drawings' means a drawing may contain.
  var crosstalk = 0.2
  /// Scale of the eight deformations.
  var deformation = 0.5
  /// tau: standard deviation of the isotropic part within the subspace.
  var ridge = 0.25
  /// s: standard deviation of the noise off the subspace.
  var offManifoldNoise = 0.02
  /// Cosine modes of the background in each direction.
  var backgroundModes = 9
  /// beta: amplitude of the background.
  var backgroundAmplitude = 2.0
  /// k0: the mode beyond which the background fades.
  var backgroundCutoff = 5.0
  /// Dimensions of the subspaces of the signal and of the distractor.
  var signalDimension = 116
  var distractorDimension = 96
}
