/// The constants of the task, in pixel units. Any change makes images and results incomparable: raise
/// `GlyphsTask.version`. `docs/glyphs.md` says why they are what they are.
struct GlyphsConstants: Sendable {
  /// What differs between the half that carries the label and the half that distracts from it.
  struct Half: Sendable {
    /// Dimension of the subspace. Both lie at gaps of the spectrum (the next eigenvalue is 16 and 19 % smaller), so that the
    /// subspace does not depend on the library that computes it.
    var dimension: Int
    /// Cosine modes of the background in each direction.
    var backgroundModes: Int
    /// beta: amplitude of the background.
    var backgroundAmplitude: Double
  }

  /// a: ink of a drawing.
  var contrast = 0.75
  /// rho: how much of the other drawings' means a drawing may contain.
  var crosstalk = 0.22
  /// Scale of the eight deformations.
  var deformation = 0.75
  /// tau: standard deviation of the isotropic part within the subspace.
  var ridge = 0.15
  /// s: standard deviation of the noise off the subspace.
  var offManifoldNoise = 0.015
  /// epsilon: how often a digit is drawn halfway to another, for each pair it belongs to.
  var halfwayProbability = 0.02
  /// k0: the mode beyond which the background fades.
  var backgroundCutoff = 5.0
  /// The background behind a digit is smooth and its manifold small; behind a letter it is rough and the manifold large.
  var signal = Half(dimension: 61, backgroundModes: 5, backgroundAmplitude: 1.1)
  var distractor = Half(dimension: 162, backgroundModes: 12, backgroundAmplitude: 1.35)
}
