/// See `Select`.
struct SelectKernel: CPUKernel {
  func evaluate(_ kernel: KernelArguments) {
    let (condition, a, b) = (kernel.inputs[0], kernel.inputs[1], kernel.inputs[2])
    for index in 0..<kernel.outputShape.count {
      kernel.output[index] = condition[index] != 0 ? a[index] : b[index]
    }
  }
}
