import Graph

/// What computes the steps of a training, and what they change: on this machine (`HostSteps`), or on a device that keeps it (`ResidentSteps`).
protocol StepComputation: AnyObject {
  var inputs: StepInputs { get }
  /// Whether steps give logits, which images are counted as right by.
  var hasLogits: Bool { get }

  /// Where the inputs of an epoch's step of this index are filled in.
  func workspace(ofStep index: Int) -> any Workspace

  /// Before the first step of an epoch.
  func begin(with state: NetworkState) throws

  /// Computes a step whose inputs are there.
  /// - Parameters:
  ///   - state: what it changes, if that is here.
  ///   - meanwhile: fills the inputs of the next step.
  /// - Returns: the loss, and the length of the whole gradient before clipping. Where one of them is no finite number, the state is to be
  ///   thrown away.
  func run(
    step index: Int, _ rates: StepRates, changing state: inout NetworkState, meanwhile: @Sendable () throws -> Void
  ) throws -> (loss: Float, norm: Double)

  /// `[N, K]` of the last step.
  func logits(ofStep index: Int) throws -> UnsafeBufferPointer<Float>

  /// After the last step of an epoch: all that has changed is in the state then.
  func end(_ state: inout NetworkState) throws
}

/// A workspace in the hands of one worker, while others may have other ones.
struct LentWorkspace: @unchecked Sendable {
  let workspace: any Workspace
}
