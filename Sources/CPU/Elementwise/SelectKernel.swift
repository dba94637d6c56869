/// See `Select`.
struct SelectKernel: CPUKernel {
  func evaluate(_ arguments: KernelArguments) {
    let (condition, a, b) = (arguments.inputs[0], arguments.inputs[1], arguments.inputs[2])
    for index in 0..<arguments.outputShape.count {
      arguments.output[index] = condition[index] != 0 ? a[index] : b[index]
    }
  }
}
