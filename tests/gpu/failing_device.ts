// A device that fails on order, for tests: lost after so many submits as when a driver is reset, or given numbers that are
// none. It changes WebGPU itself, so the programs under test run as they are.

type RequestDevice = (this: GPUAdapter, descriptor?: GPUDeviceDescriptor) => Promise<GPUDevice>;

/** What goes wrong, by the number of submits (counted from 1) before it. */
export interface Failing {
  lostAfter?: number;
  /** The first step after that submit gets NaN for its scalars, the learning rate among them, and so do all weights. */
  nanAfter?: number;
}

const requestDevice = GPUAdapter.prototype.requestDevice as RequestDevice;

/** Every device requested from now on fails so; the function returned ends that. */
export function devicesFail({ lostAfter = Infinity, nanAfter = Infinity }: Failing): () => void {
  GPUAdapter.prototype.requestDevice = async function (descriptor) {
    const device = await requestDevice.call(this, descriptor), { queue } = device;
    const { promise: lost, resolve: lose } = Promise.withResolvers<GPUDeviceLostInfo>();
    Object.defineProperties(device, { lost: { value: lost }, queue: { value: queue } });
    const submit = queue.submit.bind(queue);
    let submits = 0, poisoned = false;
    queue.submit = (commands) => {
      submit(commands);
      if (++submits !== lostAfter) return;
      device.destroy(); // all that is asked of it later fails, as after a real loss
      lose({ reason: "unknown", message: "the driver was reset" } as unknown as GPUDeviceLostInfo);
    };
    const writeBuffer = queue.writeBuffer.bind(queue);
    queue.writeBuffer = (target, at, data, ...rest) => {
      const isStep = target.label === "step scalars" && data instanceof Float32Array &&
        data.some((v) => v !== 0);
      const poison = isStep && !poisoned && submits >= nanAfter;
      poisoned ||= poison;
      writeBuffer(target, at, poison ? data.map(() => NaN) : data, ...rest);
    };
    return device;
  };
  return () => GPUAdapter.prototype.requestDevice = requestDevice;
}
