import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { readFields } from './read-fields.js';

/** `@Body(FieldsPipe) body: SomeFields`: for calls that look no object up before they validate (appgate.md §1.3). */
@Injectable()
export class FieldsPipe implements PipeTransform {
  transform(body: unknown, { metatype }: ArgumentMetadata): object {
    return readFields(metatype as new () => object, body);
  }
}
