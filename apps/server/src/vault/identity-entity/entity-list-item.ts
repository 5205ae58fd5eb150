import type { ListedEntity } from '@sallyport/identity';
import type { EntityListItem } from './entity.dto.js';

/** An entity as a list tells of it (§10). */
export function entityListItem({ name, aliases }: ListedEntity): EntityListItem {
  return {
    name,
    aliases: aliases.map((alias) => ({
      id: alias.id,
      name: alias.name,
      mount_accessor: alias.mountAccessor,
      mount_type: alias.mountType,
      mount_path: `auth/${alias.mountPath}/`,
    })),
  };
}
