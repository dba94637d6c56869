/// Tensors that a backend keeps in its own memory from one run to the next, and that programs read and replace there: what a training
/// changes. They leave it when they are asked for, and not with every run.
package protocol ResidentTensors: AnyObject, Sendable {
  /// Gives tensors of these names their numbers; those that were there under other names stay.
  /// - Throws: `GraphError.allocation`, `deviceMemory`, `device`.
  func store(_ tensors: [String: [Float]]) throws(GraphError)

  /// The numbers as the last run left them.
  /// - Precondition: they were stored.
  /// - Throws: as `store`.
  func fetch(_ names: [String]) throws(GraphError) -> [String: [Float]]

  /// A workspace whose inputs of the names of these tensors are the tensors.
  /// - Parameters:
  ///   - program: of the same backend.
  ///   - replacing: names of the tensors that outputs take the place of once a run has ended, by output. They cannot be read otherwise.
  /// - Precondition: the tensors were stored, in the shapes of the program's inputs.
  /// - Throws: as `CompiledProgram.makeWorkspace`.
  func makeWorkspace(
    of program: any CompiledProgram, replacing outputs: [Int: String]
  ) throws(GraphError) -> any Workspace
}
